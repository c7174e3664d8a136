/** So much of what was asked for is granted, and in so many ms there is all of it again; `left` is what others may still take. */
export type Grant = { readonly granted: number; readonly left: number; readonly ms: number };

/** Takes so much of what somebody may do in a minute, in all processes. Rejects with `TalliesUnavailable` when that can't be told. */
export type Quota = (who: string, amount: number) => Promise<Grant>;

/** Makes the quota of one kind, of which there is so much in a minute. */
export type Quotas = (kind: string, perMinute: number) => Quota;
