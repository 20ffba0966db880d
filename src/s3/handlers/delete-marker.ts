/** A delete marker asked for by its version id: it exists, but can be neither read nor shown. */
import { isStorageError } from '../../base/index.js';
import { headersOf, S3Error } from '../errors.js';

/** Turns the store's delete-marker into MethodNotAllowed where a version was named; anything else is thrown on as it is. */
export function asMethodNotAllowed(versionId: string | undefined): (error: unknown) => never {
  return (error) => {
    if (versionId === undefined || !isStorageError(error, 'delete-marker')) throw error;
    throw new S3Error('MethodNotAllowed', undefined, {
      cause: error,
      fields: { Method: 'GET', ResourceType: 'DeleteMarker' },
      headers: { ...headersOf(error), 'x-amz-version-id': versionId, Allow: 'DELETE' },
    });
  };
}
