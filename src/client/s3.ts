/**
 * The S3 operations of the command line, over one lean client: importing an SDK costs more than most commands take.
 * Every method throws S3Error or ConnectionError; names in comments are those of the S3 API reference.
 */
import { createHash } from 'node:crypto';
import { readText } from './body.js';
import { errorFromAnswer } from './errors.js';
import { S3Connection, type S3Answer, type S3Body, type S3Request } from './s3-connection.js';
import { encodeStrict } from './sign.js';
import { decodeKey, objectEntry, partEntry, uploadEntry, versionEntry } from './s3-entries.js';
import type {
  BucketEntry, CompletedPart, CopySource, DeleteItem, DeleteOutcome, GetOptions, ListOptions, ObjectBody, ObjectEntry, ObjectHead, Page,
  PartEntry, UploadEntry, UploadMarker, VersionChoice, VersionEntry, VersionMarker, WriteOptions, Written,
} from './s3-types.js';
import { child, childrenOf, escapeXml, parseXml, textOf, type XmlElement } from './xml.js';

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const unquote = (etag: string): string => etag.replace(/^"|"$/g, '');
const single = (value: string | string[] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

export class S3 extends S3Connection {
  /** ListBuckets. */
  async listBuckets(signal?: AbortSignal): Promise<BucketEntry[]> {
    const root = await this.#document({ method: 'GET', signal });
    return childrenOf(child(root, 'Buckets'), 'Bucket').map((bucket) => ({
      name: textOf(bucket, 'Name'),
      createdAt: new Date(textOf(bucket, 'CreationDate')),
    }));
  }

  /** CreateBucket. */
  async createBucket(bucket: string, options: { region?: string; withLock?: boolean } = {}): Promise<void> {
    const region = options.region ?? '';
    const body =
      region === '' || region === 'us-east-1'
        ? undefined
        : Buffer.from(`<CreateBucketConfiguration ${NAMESPACE}><LocationConstraint>${escapeXml(region)}</LocationConstraint></CreateBucketConfiguration>`);
    if (region !== '') this.setRegion(bucket, region);
    const headers = options.withLock === true ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
    await this.#finish({ method: 'PUT', bucket, body, headers });
  }

  /** DeleteBucket. `force` is MinIO's: the bucket goes with all it holds. */
  async deleteBucket(bucket: string, options: { force?: boolean } = {}): Promise<void> {
    await this.#finish({ method: 'DELETE', bucket, headers: options.force === true ? { 'x-minio-force-delete': 'true' } : {} });
  }

  /** HeadBucket. */
  async headBucket(bucket: string, signal?: AbortSignal): Promise<void> {
    await this.#finish({ method: 'HEAD', bucket, signal });
  }

  /** GetBucketLocation; also noted for the signatures to come. */
  async locationOf(bucket: string): Promise<string> {
    const root = await this.#document({ method: 'GET', bucket, query: { location: '' } });
    const told = root?.text ?? '';
    const region = told === '' ? 'us-east-1' : told === 'EU' ? 'eu-west-1' : told;
    this.setRegion(bucket, region);
    return region;
  }

  /** PutBucketVersioning. */
  async setVersioning(bucket: string, status: 'Enabled' | 'Suspended'): Promise<void> {
    const body = Buffer.from(`<VersioningConfiguration ${NAMESPACE}><Status>${status}</Status></VersioningConfiguration>`);
    await this.#finish({ method: 'PUT', bucket, query: { versioning: '' }, body, headers: md5Header(body) });
  }

  /** GetBucketVersioning: `''` for a bucket that never had it. */
  async versioningOf(bucket: string): Promise<'' | 'Enabled' | 'Suspended'> {
    const status = textOf(await this.#document({ method: 'GET', bucket, query: { versioning: '' } }), 'Status');
    return status === 'Enabled' || status === 'Suspended' ? status : '';
  }

  /** ListObjectsV2, one page. */
  async listObjects(bucket: string, options: ListOptions & { startAfter?: string; marker?: string | undefined } = {}): Promise<Page<ObjectEntry, string>> {
    const root = await this.#list(bucket, options, {
      'list-type': '2',
      'continuation-token': options.marker,
      'start-after': options.startAfter,
      'fetch-owner': 'true',
    });
    const token = textOf(root, 'NextContinuationToken');
    return page(root, childrenOf(root, 'Contents').map(objectEntry), token === '' ? undefined : token);
  }

  /** ListObjectVersions, one page; versions of a key come newest first. */
  async listVersions(bucket: string, options: ListOptions & { marker?: VersionMarker | undefined } = {}): Promise<Page<VersionEntry, VersionMarker>> {
    const { marker } = options;
    const root = await this.#list(bucket, options, { versions: '', 'key-marker': marker?.keyMarker, 'version-id-marker': marker?.versionIdMarker });
    const rows = (root?.children ?? []).filter(({ name }) => name === 'Version' || name === 'DeleteMarker');
    const next = { keyMarker: decodeKey(textOf(root, 'NextKeyMarker')), versionIdMarker: textOf(root, 'NextVersionIdMarker') };
    return page(root, rows.map(versionEntry), next.keyMarker === '' ? undefined : next);
  }

  /** ListMultipartUploads, one page. */
  async listUploads(bucket: string, options: ListOptions & { marker?: UploadMarker | undefined } = {}): Promise<Page<UploadEntry, UploadMarker>> {
    const { marker, prefix, delimiter, maxKeys, signal } = options;
    const query = {
      uploads: '', prefix, delimiter, 'encoding-type': 'url', 'max-uploads': maxKeys?.toString(),
      'key-marker': marker?.keyMarker, 'upload-id-marker': marker?.uploadIdMarker,
    };
    const root = await this.#document({ method: 'GET', bucket, query, signal });
    const next = { keyMarker: decodeKey(textOf(root, 'NextKeyMarker')), uploadIdMarker: textOf(root, 'NextUploadIdMarker') };
    return page(root, childrenOf(root, 'Upload').map(uploadEntry), next.keyMarker === '' ? undefined : next);
  }

  /** ListParts, all pages. */
  async listParts(bucket: string, key: string, uploadId: string, signal?: AbortSignal): Promise<PartEntry[]> {
    const parts: PartEntry[] = [];
    for (let marker: string | undefined = '0'; marker !== undefined; ) {
      const root: XmlElement | undefined = await this.#document({ method: 'GET', bucket, key, query: { uploadId, 'part-number-marker': marker }, signal });
      parts.push(...childrenOf(root, 'Part').map(partEntry));
      marker = textOf(root, 'IsTruncated') === 'true' ? textOf(root, 'NextPartNumberMarker') : undefined;
    }
    return parts;
  }

  /** HeadObject. */
  async head(bucket: string, key: string, options: GetOptions = {}): Promise<ObjectHead> {
    const answer = await this.request(objectRequest('HEAD', bucket, key, options));
    answer.body.resume();
    return headFrom(key, answer);
  }

  /** GetObject. */
  async get(bucket: string, key: string, options: GetOptions = {}): Promise<ObjectBody> {
    const answer = await this.request(objectRequest('GET', bucket, key, options));
    return { ...headFrom(key, answer), body: answer.body };
  }

  /** PutObject. */
  async put(bucket: string, key: string, body: S3Body, options: WriteOptions = {}): Promise<Written> {
    const { headers, signal, versionId } = options;
    return written(await this.#finish({ method: 'PUT', bucket, key, body, query: { versionId }, headers, signal }));
  }

  /** CopyObject; `headers` may hold the directives (`x-amz-metadata-directive`, ...). */
  async copy(source: CopySource, bucket: string, key: string, options: WriteOptions = {}): Promise<Written> {
    const headers = { ...options.headers, 'x-amz-copy-source': copySource(source) };
    const answer = await this.request({ method: 'PUT', bucket, key, headers, signal: options.signal });
    const root = await this.#lateDocument(answer, bucket, key);
    return { ...written(answer), etag: unquote(textOf(root, 'ETag')) };
  }

  /** DeleteObject. */
  async delete(bucket: string, key: string, options: VersionChoice = {}): Promise<DeleteOutcome> {
    const { versionId, headers, signal } = options;
    const answer = await this.#finish({ method: 'DELETE', bucket, key, query: { versionId }, headers, signal });
    const made = single(answer.headers['x-amz-version-id']);
    const isDeleteMarker = answer.headers['x-amz-delete-marker'] === 'true';
    return { key, versionId, isDeleteMarker, deleteMarkerVersionId: isDeleteMarker ? made : undefined };
  }

  /** DeleteObjects: at most 1,000 items. Refused items come back with `error`. */
  async deleteMany(bucket: string, items: readonly DeleteItem[], options: WriteOptions = {}): Promise<DeleteOutcome[]> {
    const rows = items.map(({ key, versionId }) => {
      const version = versionId === undefined ? '' : `<VersionId>${escapeXml(versionId)}</VersionId>`;
      return `<Object><Key>${escapeXml(key)}</Key>${version}</Object>`;
    });
    const body = Buffer.from(`<Delete ${NAMESPACE}>${rows.join('')}</Delete>`);
    const headers = { ...options.headers, ...md5Header(body), 'content-type': 'application/xml' };
    const root = await this.#document({ method: 'POST', bucket, query: { delete: '' }, body, headers, signal: options.signal });
    return (root?.children ?? []).filter(({ name }) => name === 'Deleted' || name === 'Error').map(deleteOutcome);
  }

  /** CreateMultipartUpload: the upload id. */
  async createUpload(bucket: string, key: string, options: WriteOptions = {}): Promise<string> {
    const { headers, signal, versionId } = options;
    return textOf(await this.#document({ method: 'POST', bucket, key, query: { uploads: '', versionId }, headers, signal }), 'UploadId');
  }

  /** UploadPart. */
  async uploadPart(bucket: string, key: string, uploadId: string, partNumber: number, body: S3Body, options: WriteOptions = {}): Promise<Written> {
    return written(await this.#finish({ method: 'PUT', bucket, key, query: { uploadId, partNumber: String(partNumber) }, body, ...options }));
  }

  /** UploadPartCopy; `range` is first and last byte, both included. */
  async uploadPartCopy(
    source: CopySource & { readonly range?: { readonly first: number; readonly last: number } },
    target: { readonly bucket: string; readonly key: string; readonly uploadId: string; readonly partNumber: number },
    options: WriteOptions = {},
  ): Promise<Written> {
    const { bucket, key, uploadId, partNumber } = target;
    const range = source.range === undefined ? undefined : `bytes=${source.range.first}-${source.range.last}`;
    const headers = { ...options.headers, 'x-amz-copy-source': copySource(source), 'x-amz-copy-source-range': range };
    const query = { uploadId, partNumber: String(partNumber) };
    const answer = await this.request({ method: 'PUT', bucket, key, query, headers, signal: options.signal });
    const root = await this.#lateDocument(answer, bucket, key);
    return { ...written(answer), etag: unquote(textOf(root, 'ETag')) };
  }

  /** CompleteMultipartUpload; parts in ascending order. */
  async completeUpload(bucket: string, key: string, uploadId: string, parts: readonly CompletedPart[], options: WriteOptions = {}): Promise<Written> {
    const rows = parts.map(({ partNumber, etag, checksum }) => {
      const sums = Object.entries(checksum ?? {}).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('');
      return `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${escapeXml(etag)}"</ETag>${sums}</Part>`;
    });
    const body = Buffer.from(`<CompleteMultipartUpload ${NAMESPACE}>${rows.join('')}</CompleteMultipartUpload>`);
    const answer = await this.request({ method: 'POST', bucket, key, query: { uploadId }, body, ...options });
    const root = await this.#lateDocument(answer, bucket, key);
    return { ...written(answer), etag: unquote(textOf(root, 'ETag')) };
  }

  /** AbortMultipartUpload. */
  async abortUpload(bucket: string, key: string, uploadId: string, signal?: AbortSignal): Promise<void> {
    await this.#finish({ method: 'DELETE', bucket, key, query: { uploadId }, signal });
  }

  /** GetObjectTagging. */
  async tagsOf(bucket: string, key: string, versionId?: string): Promise<Record<string, string>> {
    const root = await this.#document({ method: 'GET', bucket, key, query: { tagging: '', versionId } });
    return Object.fromEntries(childrenOf(child(root, 'TagSet'), 'Tag').map((tag) => [textOf(tag, 'Key'), textOf(tag, 'Value')]));
  }

  async #list(bucket: string, options: ListOptions, own: Record<string, string | undefined>): Promise<XmlElement | undefined> {
    const { prefix = '', delimiter = '', maxKeys, signal } = options;
    const query = { ...own, prefix, delimiter, 'encoding-type': 'url', 'max-keys': maxKeys?.toString() };
    return this.#document({ method: 'GET', bucket, query, signal });
  }

  async #document(request: S3Request): Promise<XmlElement | undefined> {
    return parseXml(await readText((await this.request(request)).body));
  }

  /** Copies and completions may fail after a 200 was sent: then the document is an error. */
  async #lateDocument(answer: S3Answer, bucket: string, key: string): Promise<XmlElement | undefined> {
    const body = await readText(answer.body);
    const root = parseXml(body);
    if (root?.name === 'Error') throw errorFromAnswer({ status: 500, statusText: '', headers: answer.headers, body, bucket, key });
    return root;
  }

  async #finish(request: S3Request): Promise<S3Answer> {
    const answer = await this.request(request);
    await readText(answer.body);
    return answer;
  }
}

const md5Header = (body: Uint8Array): { 'content-md5': string } => ({ 'content-md5': createHash('md5').update(body).digest('base64') });

function page<T, Marker>(root: XmlElement | undefined, entries: T[], next: Marker | undefined): Page<T, Marker> {
  const prefixes = childrenOf(root, 'CommonPrefixes').map((element) => decodeKey(textOf(element, 'Prefix')));
  return { entries, prefixes, next: textOf(root, 'IsTruncated') === 'true' ? next : undefined };
}

function copySource({ bucket, key, versionId }: CopySource): string {
  return `/${bucket}/${encodeStrict(key, true)}${versionId === undefined ? '' : `?versionId=${encodeStrict(versionId)}`}`;
}

function objectRequest(method: 'GET' | 'HEAD', bucket: string, key: string, options: GetOptions): S3Request {
  const { versionId, partNumber, range, signal, headers } = options;
  return {
    method, bucket, key, signal,
    query: { versionId, partNumber: partNumber?.toString() },
    headers: { ...headers, range: range === undefined ? undefined : rangeHeader(range.first, range.last) },
  };
}

const rangeHeader = (first: number, last: number | undefined): string => (first < 0 ? `bytes=${first}` : `bytes=${first}-${last ?? ''}`);

function headFrom(key: string, { headers }: S3Answer): ObjectHead {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length'] ?? '0';
  return {
    key,
    sizeBytes: Number(total),
    etag: unquote(headers.etag ?? ''),
    modifiedAt: new Date(headers['last-modified'] ?? 0),
    versionId: single(headers['x-amz-version-id']),
    isDeleteMarker: headers['x-amz-delete-marker'] === 'true',
    storageClass: single(headers['x-amz-storage-class']) ?? '',
    contentType: headers['content-type'] ?? '',
    headers,
  };
}

function written({ headers }: S3Answer): Written {
  return { etag: unquote(headers.etag ?? ''), versionId: single(headers['x-amz-version-id']), headers };
}

function deleteOutcome(element: XmlElement): DeleteOutcome {
  const versionId = textOf(element, 'VersionId') || undefined;
  const facts = {
    key: textOf(element, 'Key'),
    versionId,
    isDeleteMarker: textOf(element, 'DeleteMarker') === 'true',
    deleteMarkerVersionId: textOf(element, 'DeleteMarkerVersionId') || undefined,
  };
  return element.name === 'Error' ? { ...facts, error: { code: textOf(element, 'Code'), message: textOf(element, 'Message') } } : facts;
}
