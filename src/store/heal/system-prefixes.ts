/** What servers keep for themselves below `.minio.sys`, in the order it is needed. */
export const SYSTEM_PREFIXES = ['config/', 'pool.bin', 'buckets/', 'rebalance.bin', 'batch-jobs/', 'mts/scanner.json'] as const;
