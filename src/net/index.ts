/**
 * net: how bytes reach the server: addresses, TLS, and a listener that slow, dead or malformed clients cannot hurt. It
 * knows no drives and no S3. peer/ is how nodes talk to each other on the same port.
 */
export { hostPort, parseListenAddress, reachableHosts, systemHosts, urlOf, type ListenAddress } from './address.js';
export { loadCertificate, type Certificate } from './certificates.js';
export type { ListenerLimits } from './limits.js';
export { listen, type Listener, type RequestHandler, type UpgradeHandler } from './listener.js';
export * from './peer/index.js';
