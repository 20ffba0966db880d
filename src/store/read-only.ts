/** A store that answers reads and refuses whatever would change something, saying why and what to do instead. */
import { StorageError } from '../base/index.js';
import type { Store } from './store.js';

/** What changes something, or would. */
type Changes = Pick<
  Store,
  | 'makeBucket'
  | 'updateBucket'
  | 'deleteBucket'
  | 'put'
  | 'updateMetadata'
  | 'delete'
  | 'createUpload'
  | 'putPart'
  | 'completeUpload'
  | 'abortUpload'
  | 'importBucket'
  | 'importVersion'
  | 'recover'
  | 'expireUploads'
>;

/** `why` completes the refusal, e.g. "the server was started with --read-only; ...". */
export function readOnlyStore(store: Store, why: string): Store {
  return { ...store, ...refusedChanges(why) };
}

/** Every change, refused with `store-read-only`; what a server does by itself does nothing. */
export function refusedChanges(why: string): Changes {
  const refuse = (): Promise<never> => Promise.reject(new StorageError('store-read-only', `Nothing can be changed here: ${why}`));
  return {
    makeBucket: refuse,
    updateBucket: refuse,
    deleteBucket: refuse,
    put: refuse,
    updateMetadata: refuse,
    delete: refuse,
    createUpload: refuse,
    putPart: refuse,
    completeUpload: refuse,
    abortUpload: refuse,
    importBucket: refuse,
    importVersion: refuse,
    recover: () => Promise.resolve({ completed: 0, dropped: 0, unread: [] }),
    expireUploads: () => Promise.resolve(0),
  };
}
