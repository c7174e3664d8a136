/** Settings for what is not about limits: tests send as much as they like, all from one address. */
export const unlimited = {
  LIMIT_INGEST: '1000000000',
  LIMIT_READS: '1000000000',
  LIMIT_WRITES: '1000000000',
  LIMIT_HEAVY: '1000000000',
  LIMIT_ADDRESS: '1000000000',
  LIMIT_FAILURES: '1000000000',
} as const;
