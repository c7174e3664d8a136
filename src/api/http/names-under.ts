import { createHmac, hkdfSync } from 'node:crypto';

/**
 * Names for what processes count together, which only who has the root key can make: nobody can tell from them whose keys, accounts and
 * addresses they are. `purpose` keeps those of one use apart from those of another.
 */
export const namesUnder = (adminKey: string, purpose: string): ((of: string) => string) => {
  const key = Buffer.from(hkdfSync('sha256', adminKey, '', `leadfold ${purpose}`, 32));
  return (of) => createHmac('sha256', key).update(of).digest('base64url');
};
