/** How links are shown. */
import type { ShareLink } from '../client/index.js';
import { formatLongDuration } from './time.js';

export function shareBlock(link: ShareLink, leftMs: number): string {
  const type = link.contentType === undefined ? '' : `Content-Type: ${link.contentType}\n`;
  return `URL: ${link.url}\nExpire: ${formatLongDuration(leftMs)}\n${type}Share: ${link.share}`;
}

export function shareObject(link: ShareLink, leftMs: number): object {
  const { url, share, contentType, versionId } = link;
  return {
    status: 'success', url, ...(versionId === '' ? {} : { versionID: versionId }), share, timeLeft: Math.round(leftMs * 1e6),
    ...(contentType === undefined ? {} : { contentType }),
  };
}
