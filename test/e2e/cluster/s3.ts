/** Short words for what the tests of a cluster ask its nodes. */
import {
  CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListBucketsCommand,
  ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

import { UNSIGNED_PAYLOAD, signHeaders } from '../../../src/client/sign.js';
import { ACCESS_KEY, SECRET_KEY } from '../server-process.js';
import type { TestNode } from './harness.js';

/** Larger than what is kept inside metadata. */
export const LARGE = randomBytes(1_500_000);

export const makeBucket = (node: TestNode, name: string) => node.client.send(new CreateBucketCommand({ Bucket: name }));
export const put = (node: TestNode, key: string, body: Buffer | string, bucket = 'test1') => node.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
export const remove = (node: TestNode, key: string, bucket = 'test1') => node.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
export const removeAll = (node: TestNode, names: readonly string[], bucket = 'test1') => node.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: names.map((Key) => ({ Key })) } }));
export const head = (node: TestNode, key: string, bucket = 'test1') => node.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
export async function get(node: TestNode, key: string, bucket = 'test1'): Promise<Buffer> {
  const { Body } = await node.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}
export async function text(node: TestNode, key: string, bucket = 'test1'): Promise<string> {
  return (await get(node, key, bucket)).toString();
}
export async function buckets(node: TestNode): Promise<string[]> {
  return ((await node.client.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name!);
}
export async function keys(node: TestNode, bucket = 'test1'): Promise<string[]> {
  return ((await node.client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!);
}

/** An upload in parts that is there but for its completion, which any node can be asked for. */
export async function beginUpload(node: TestNode, key: string, bodies: readonly Buffer[], bucket = 'test1') {
  const { UploadId } = await node.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  const Parts = await Promise.all(
    bodies.map(async (Body, index) => {
      const { ETag } = await node.client.send(new UploadPartCommand({ Bucket: bucket, Key: key, UploadId, PartNumber: index + 1, Body }));
      return { PartNumber: index + 1, ETag };
    }),
  );
  return { complete: (by: TestNode) => by.client.send(new CompleteMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId, MultipartUpload: { Parts } })) };
}

/** An upload of a large object of which only a part is sent; resolves when its connection ends. */
export function unfinishedPut(node: TestNode, key: string): Promise<void> {
  const { host } = new URL(node.url);
  const path = `/test1/${key}`;
  const signable = { method: 'PUT', host, path, query: {}, headers: { 'content-length': '100000000' } };
  const { headers } = signHeaders(signable, { credentials: { accessKey: ACCESS_KEY, secretKey: SECRET_KEY }, region: 'us-east-1', date: new Date() }, UNSIGNED_PAYLOAD);
  return new Promise((resolve) => {
    const upload = request(`${node.url}${path}`, { method: 'PUT', headers });
    upload.on('error', () => resolve());
    upload.on('close', () => resolve());
    upload.write(Buffer.alloc(6_000_000));
  });
}
