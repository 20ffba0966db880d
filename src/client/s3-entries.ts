/** Rows of S3's listing documents as our values. Keys come URL-encoded, because XML cannot carry every character. */
import type { ObjectEntry, PartEntry, UploadEntry, VersionEntry } from './s3-types.js';
import { textOf, type XmlElement } from './xml.js';

export const decodeKey = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
const unquote = (etag: string): string => etag.replace(/^"|"$/g, '');

export function objectEntry(element: XmlElement): ObjectEntry {
  return {
    key: decodeKey(textOf(element, 'Key')),
    sizeBytes: Number(textOf(element, 'Size')),
    etag: unquote(textOf(element, 'ETag')),
    modifiedAt: new Date(textOf(element, 'LastModified')),
    storageClass: textOf(element, 'StorageClass'),
  };
}

export function versionEntry(element: XmlElement): VersionEntry {
  return {
    ...objectEntry(element),
    versionId: textOf(element, 'VersionId'),
    isLatest: textOf(element, 'IsLatest') === 'true',
    isDeleteMarker: element.name === 'DeleteMarker',
  };
}

export function uploadEntry(element: XmlElement): UploadEntry {
  return { key: decodeKey(textOf(element, 'Key')), uploadId: textOf(element, 'UploadId'), startedAt: new Date(textOf(element, 'Initiated')) };
}

export function partEntry(element: XmlElement): PartEntry {
  return {
    partNumber: Number(textOf(element, 'PartNumber')),
    sizeBytes: Number(textOf(element, 'Size')),
    etag: unquote(textOf(element, 'ETag')),
    modifiedAt: new Date(textOf(element, 'LastModified')),
  };
}
