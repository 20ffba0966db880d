/**
 * Sub-resources of buckets and objects that this server shows but does not act on: documents that are kept are answered
 * as they are, unset ones with the error or the empty document that clients expect when they probe.
 */
import type { ObjectInfo } from '../../store/index.js';
import { S3Error, type S3ErrorCode } from '../errors.js';
import { metaValue } from '../metadata.js';
import { checkKey, versionParameter } from '../parameters.js';
import { header, type Handler } from '../request.js';
import { element, wrap, xmlDocument } from '../xml/writer.js';
import { asMethodNotAllowed } from './delete-marker.js';
import { OWNER, OWNER_ID, OWNER_NAME } from './listing-entries.js';

const XML = { 'Content-Type': 'application/xml' };

/** A document kept in `.metadata.bin` under this member name, or the error for an unset one. */
function keptDocument(member: string, unset: S3ErrorCode, contentType = 'application/xml'): Handler {
  return async (room, request) => {
    const stored = (await room.store.bucketSettings(request.bucket)).documents.get(member);
    if (!stored || stored.length === 0) throw new S3Error(unset);
    return { status: 200, headers: { 'Content-Type': contentType }, body: stored };
  };
}

export const getBucketPolicy = keptDocument('PolicyConfigJSON', 'NoSuchBucketPolicy', 'application/json');
export const getBucketLifecycle = keptDocument('LifecycleConfigXML', 'NoSuchLifecycleConfiguration');
export const getBucketEncryption = keptDocument('EncryptionConfigXML', 'ServerSideEncryptionConfigurationNotFoundError');
export const getObjectLockConfiguration = keptDocument('ObjectLockConfigXML', 'ObjectLockConfigurationNotFoundError');
export const getBucketReplication = keptDocument('ReplicationConfigXML', 'ReplicationConfigurationNotFoundError');

export const getBucketNotification: Handler = async (room, request) => {
  const stored = (await room.store.bucketSettings(request.bucket)).documents.get('NotificationConfigXML');
  return { status: 200, headers: XML, body: stored && stored.length > 0 ? stored : xmlDocument('NotificationConfiguration', '') };
};

/** A sub-resource that buckets never have here. */
function fixedError(code: S3ErrorCode): Handler {
  return async (room, request) => {
    await room.store.bucketSettings(request.bucket);
    throw new S3Error(code);
  };
}

function fixedDocument(root: string, inner: string): Handler {
  return async (room, request) => {
    await room.store.bucketSettings(request.bucket);
    return { status: 200, headers: XML, body: xmlDocument(root, inner) };
  };
}

export const getBucketCors = fixedError('NoSuchCORSConfiguration');
export const getBucketOwnershipControls = fixedError('OwnershipControlsNotFoundError');
export const getPublicAccessBlock = fixedError('NoSuchPublicAccessBlockConfiguration');
export const getBucketWebsite = fixedError('NoSuchWebsiteConfiguration');
export const getBucketAccelerate = fixedDocument('AccelerateConfiguration', '');
export const getBucketLogging = fixedDocument('BucketLoggingStatus', '');
export const getBucketRequestPayment = fixedDocument('RequestPaymentConfiguration', element('Payer', 'BucketOwner'));

const GRANTEE = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${element('ID', OWNER_ID)}${element('DisplayName', OWNER_NAME)}</Grantee>`;
const OWNER_ONLY = xmlDocument('AccessControlPolicy', OWNER + wrap('AccessControlList', wrap('Grant', GRANTEE + element('Permission', 'FULL_CONTROL'))));

export const getBucketAcl: Handler = async (room, request) => {
  await room.store.bucketSettings(request.bucket);
  return { status: 200, headers: XML, body: OWNER_ONLY };
};

export const getObjectAcl: Handler = async (room, request) => {
  checkKey(request.key);
  const versionId = versionParameter(request.query);
  await room.store.stat(request.bucket, request.key, versionId === undefined ? {} : { versionId }).catch(asMethodNotAllowed(versionId));
  return { status: 200, headers: XML, body: OWNER_ONLY };
};

/** The only access list there is: everything for the owner. */
function refuseOtherAcl(acl: string | undefined): void {
  if (acl !== 'private') throw new S3Error('NotImplemented', 'Access control lists other than "private" are not implemented.');
}

export const putBucketAcl: Handler = async (room, request) => {
  refuseOtherAcl(header(request, 'x-amz-acl'));
  await room.store.bucketSettings(request.bucket);
  return { status: 200 };
};

export const putObjectAcl: Handler = async (room, request) => {
  checkKey(request.key);
  refuseOtherAcl(header(request, 'x-amz-acl'));
  await room.store.stat(request.bucket, request.key, {});
  return { status: 200 };
};

/** Locks cannot be set here, but a real MinIO may have left some. */
function keptLock(show: (info: ObjectInfo) => string | undefined): Handler {
  return async (room, request) => {
    checkKey(request.key);
    const versionId = versionParameter(request.query);
    const info = await room.store.stat(request.bucket, request.key, versionId === undefined ? {} : { versionId }).catch(asMethodNotAllowed(versionId));
    const { objectLockEnabled } = await room.store.bucketSettings(request.bucket);
    if (!objectLockEnabled) throw new S3Error('InvalidRequest', 'Bucket is missing ObjectLockConfiguration.');
    const body = show(info);
    if (body === undefined) throw new S3Error('NoSuchObjectLockConfiguration');
    return { status: 200, headers: XML, body };
  };
}

export const getObjectRetention = keptLock((info) => {
  const mode = metaValue(info, 'x-amz-object-lock-mode');
  const until = metaValue(info, 'x-amz-object-lock-retain-until-date');
  return mode && until ? xmlDocument('Retention', element('Mode', mode) + element('RetainUntilDate', until)) : undefined;
});

export const getObjectLegalHold = keptLock((info) => {
  const status = metaValue(info, 'x-amz-object-lock-legal-hold');
  return status ? xmlDocument('LegalHold', element('Status', status)) : undefined;
});
