/**
 * The content type that a file's name suggests; what mc says of the common extensions.
 */
import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  aac: 'audio/x-aac', avi: 'video/x-msvideo', avif: 'image/avif', bin: 'application/octet-stream', bmp: 'image/bmp', bz2: 'application/x-bzip2',
  c: 'text/x-c', cc: 'text/x-c', conf: 'text/plain', cpp: 'text/x-c', css: 'text/css', csv: 'text/csv', deb: 'application/x-debian-package',
  doc: 'application/msword', docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', epub: 'application/epub+zip',
  flac: 'audio/x-flac', gif: 'image/gif', gz: 'application/gzip', h: 'text/x-c', htm: 'text/html', html: 'text/html', ico: 'image/x-icon',
  ics: 'text/calendar', iso: 'application/x-iso9660-image', jar: 'application/java-archive', java: 'text/x-java-source', jpeg: 'image/jpeg',
  jpg: 'image/jpeg', js: 'application/javascript', json: 'application/json', log: 'text/plain', m4a: 'audio/x-m4a', m4v: 'video/x-m4v',
  md: 'text/x-markdown', mjs: 'application/javascript', mkv: 'video/x-matroska', mov: 'video/quicktime', mp3: 'audio/mpeg', mp4: 'video/mp4',
  mpeg: 'video/mpeg', mpg: 'video/mpeg', odt: 'application/vnd.oasis.opendocument.text', ogg: 'audio/ogg', ogv: 'video/ogg', otf: 'font/otf',
  pdf: 'application/pdf', png: 'image/png', ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation', ps: 'application/postscript', py: 'text/x-script.python',
  rar: 'application/x-rar-compressed', rtf: 'application/rtf', sh: 'application/x-sh', svg: 'image/svg+xml', tar: 'application/x-tar',
  tgz: 'application/gzip', tif: 'image/tiff', tiff: 'image/tiff', toml: 'text/x-toml', ttf: 'font/ttf', txt: 'text/plain', wasm: 'application/wasm',
  wav: 'audio/x-wav', webm: 'video/webm', webp: 'image/webp', woff: 'application/font-woff', woff2: 'font/woff2', xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', xml: 'application/xml', yaml: 'text/yaml', yml: 'text/yaml',
  zip: 'application/zip',
};

/** `application/octet-stream` when the extension is unknown. */
export function contentTypeOf(name: string): string {
  return TYPES[extname(name).slice(1).toLowerCase()] ?? 'application/octet-stream';
}
