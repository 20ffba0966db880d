/** The `meta` of xl.json and fs.json in today's terms. */
import { isInternalName } from './xl-meta/meta-sys.js';

/** Where the first releases kept the etag; it wins over `etag`. */
const MD5_NAME = 'md5Sum';

/** Splits it into the client's metadata and MinIO's own, as xl.meta has them. */
export function splitOldMetadata(meta: ReadonlyMap<string, string>): { readonly metaUser: Map<string, string>; readonly metaSys: Map<string, Uint8Array> } {
  const metaUser = new Map<string, string>();
  const metaSys = new Map<string, Uint8Array>();
  for (const [name, value] of meta) {
    if (isInternalName(name)) metaSys.set(name, Buffer.from(value));
    else if (name !== MD5_NAME) metaUser.set(name, value);
  }
  const md5 = meta.get(MD5_NAME);
  if (md5 !== undefined && md5 !== '') metaUser.set('etag', md5);
  return { metaUser, metaSys };
}
