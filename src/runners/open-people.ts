import { randomBytes } from 'node:crypto';
import type { PeopleSettings } from '../config/people-settings.ts';
import type { Engine } from '../flows/engine.ts';
import { openLater } from '../flows/people/later.ts';
import type { People } from '../flows/people/people.ts';
import { openPeople as peopleOver } from '../flows/people/people.ts';
import { commonestPasswords } from '../outside/passwords/commonest.ts';
import { openPasswords } from '../outside/passwords/hashing.ts';
import { accessTokens } from '../outside/tokens/access-tokens.ts';
import type { AccessTokens } from '../outside/tokens/access-tokens.ts';
import { openSigningKeys } from '../outside/tokens/signing-keys.ts';
import { credentialsIn, sharedSecret } from '../outside/vault/credentials.ts';
import type { Vault } from '../outside/vault/vault.ts';

type Dependencies = {
  readonly engine: Engine;
  readonly vault: Vault;
  readonly settings: PeopleSettings;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly onError: (error: unknown) => void;
  /** Milliseconds by a clock that never steps back. */
  readonly monotonic?: () => number;
};

/** Accounts and sessions over the stores, and the keys that others check tokens with. */
export const openPeople = ({
  engine,
  vault,
  settings,
  clock,
  newId,
  onError,
  monotonic = () => performance.now(),
}: Dependencies): People & { readonly tokenKeys: AccessTokens['told'] } => {
  const keys = openSigningKeys({ vault, clock, monotonic, newId });
  const tokens = accessTokens({ keys, issuer: settings.publicUrl, clock });
  let refreshKey: Promise<Buffer> | undefined;
  return {
    ...peopleOver({
      engine,
      credentials: credentialsIn(vault),
      passwords: { ...openPasswords(), isCommon: commonestPasswords() },
      accessTokens: tokens,
      refreshKey: () =>
        (refreshKey ??= sharedSecret(vault, 'people/refresh-key', () => randomBytes(32)).catch((error: unknown) => {
          refreshKey = undefined;
          throw error;
        })),
      later: openLater(onError),
      newId,
      randomBytes,
      monotonic,
    }),
    tokenKeys: tokens.told,
  };
};
