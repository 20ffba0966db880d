/** How aliases are shown. */
import type { Alias } from '../client/index.js';

/** mc's object: empty members are left out. `withSource` adds where the alias is defined. */
export function aliasObject(alias: Alias, withSource = false): object {
  const { name, url, accessKey, secretKey, sessionToken, api, path, source } = alias;
  const members = { status: 'success', alias: name, URL: url, accessKey, secretKey, sessionToken, api, path, src: withSource ? source : '' };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== '' && value !== undefined));
}

export function aliasBlock(alias: Alias): string {
  const { name, url, accessKey, secretKey, api, path, source } = alias;
  const rows = [['URL', url], ['AccessKey', accessKey], ['SecretKey', secretKey], ['API', api], ['Path', path], ['Src', source]] as const;
  return [name, ...rows.map(([label, value]) => `  ${label.padEnd(10)}: ${value}`)].join('\n');
}
