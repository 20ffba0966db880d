/** Proxies as HTTP_PROXY, HTTPS_PROXY and NO_PROXY name them, in lower or upper case. */
import * as http from 'node:http';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';

export interface Proxy {
  readonly hostname: string;
  readonly port: string;
  /** Value of a proxy-authorization header, where the proxy's URL holds a name and password. */
  readonly authorization?: string;
}

const variable = (name: string): string => process.env[name] ?? process.env[name.toLowerCase()] ?? '';

/** The proxy for that URL, or undefined for a direct connection. Loopback addresses are never sent to a proxy. */
export function proxyFor(url: URL): Proxy | undefined {
  const value = url.protocol === 'https:' ? variable('HTTPS_PROXY') : variable('HTTP_PROXY');
  if (value === '' || isLoopback(url.hostname) || isExempt(url, variable('NO_PROXY'))) return undefined;
  const proxy = new URL(value.includes('://') ? value : `http://${value}`);
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return {
    hostname: proxy.hostname,
    port: proxy.port,
    ...(proxy.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

function isExempt(url: URL, list: string): boolean {
  return list.split(',').some((entry) => {
    const name = entry.trim().replace(/^\*?\./, '');
    return name === '*' || (name !== '' && (url.hostname === name || url.host === name || url.hostname.endsWith(`.${name}`)));
  });
}

/** A `createConnection` that asks the proxy for a tunnel (CONNECT) and speaks TLS through it. */
export function tunnelThrough(
  proxy: Proxy,
  url: URL,
  tls: object,
): (options: object, done: (error: Error | null, socket?: Duplex) => void) => undefined {
  return (_options, done) => {
    const authority = `${url.hostname}:${url.port || '443'}`;
    const headers = { host: authority, ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }) };
    const ask = http.request({ method: 'CONNECT', host: proxy.hostname, port: proxy.port || 80, path: authority, headers });
    ask.once('error', (error: Error) => done(error));
    ask.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) {
        const secured = connectTls({ ...tls, socket, servername: url.hostname });
        secured.once('error', (error: Error) => void secured.destroy(error));
        done(null, secured);
      } else {
        socket.destroy();
        done(new Error(`the proxy ${proxy.hostname} refused the tunnel with ${answer.statusCode ?? 0}`));
      }
    });
    ask.end();
    return undefined;
  };
}
