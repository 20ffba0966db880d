/** Which function answers which operation; an operation without one does not compile. */
import type { OperationName } from '../operations.js';
import type { Handler } from '../request.js';
import { getObjectAttributes } from './attributes.js';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './bucket.js';
import { completeMultipartUpload } from './complete-upload.js';
import * as configuration from './configuration.js';
import { copyObject, uploadPartCopy } from './copy.js';
import { deleteObject, deleteObjects } from './delete.js';
import { getObject, headObject } from './get-object.js';
import { listObjects, listObjectsV2, listObjectVersions } from './list.js';
import { abortMultipartUpload, createMultipartUpload, listMultipartUploads, listParts, uploadPart } from './multipart.js';
import { putObject } from './put-object.js';
import * as tagging from './tagging.js';
import { getBucketVersioning, putBucketVersioning } from './versioning.js';

export const handlers: Readonly<Record<OperationName, Handler>> = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  HeadBucket: headBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketVersioning: getBucketVersioning,
  PutBucketVersioning: putBucketVersioning,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListObjectVersions: listObjectVersions,
  ListMultipartUploads: listMultipartUploads,
  GetObject: getObject,
  HeadObject: headObject,
  GetObjectAttributes: getObjectAttributes,
  PutObject: putObject,
  CopyObject: copyObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  ListParts: listParts,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  GetObjectTagging: tagging.getObjectTagging,
  PutObjectTagging: tagging.putObjectTagging,
  DeleteObjectTagging: tagging.deleteObjectTagging,
  GetBucketTagging: tagging.getBucketTagging,
  PutBucketTagging: tagging.putBucketTagging,
  DeleteBucketTagging: tagging.deleteBucketTagging,
  GetBucketPolicy: configuration.getBucketPolicy,
  GetBucketLifecycle: configuration.getBucketLifecycle,
  GetBucketEncryption: configuration.getBucketEncryption,
  GetObjectLockConfiguration: configuration.getObjectLockConfiguration,
  GetBucketReplication: configuration.getBucketReplication,
  GetBucketNotification: configuration.getBucketNotification,
  GetBucketAcl: configuration.getBucketAcl,
  PutBucketAcl: configuration.putBucketAcl,
  GetBucketCors: configuration.getBucketCors,
  GetBucketWebsite: configuration.getBucketWebsite,
  GetBucketOwnershipControls: configuration.getBucketOwnershipControls,
  GetPublicAccessBlock: configuration.getPublicAccessBlock,
  GetBucketAccelerate: configuration.getBucketAccelerate,
  GetBucketRequestPayment: configuration.getBucketRequestPayment,
  GetBucketLogging: configuration.getBucketLogging,
  GetObjectAcl: configuration.getObjectAcl,
  PutObjectAcl: configuration.putObjectAcl,
  GetObjectRetention: configuration.getObjectRetention,
  GetObjectLegalHold: configuration.getObjectLegalHold,
};
