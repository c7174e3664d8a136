import { resolve } from 'node:path';
import type { Config } from './config.ts';
import { peopleConflicts } from './people-settings.ts';
import type { StoreLocations, VaultLocation } from './store-location.ts';
import { EVENTSTOREDB, MONGODB } from './store-location.ts';

export const MAKE_KEY = 'make one with: openssl rand -hex 32';

type Location = StoreLocations['eventStore'] | VaultLocation;

const areSame = (one: Location, other: Location): boolean =>
  one.scheme === 'sqlite'
    ? other.scheme === 'sqlite' && resolve(one.path) === resolve(other.path)
    : one.scheme === other.scheme && one.url === other.url;

/** What is wrong with settings that are each fine: the name of the one to change, and the problem. */
export function conflictsIn({
  role,
  eventStore,
  readModels,
  adminKey,
  vault,
  masterKey,
  port,
  metricsPort,
  people,
}: Config): readonly (readonly [string, string])[] {
  const alone = (server: string) =>
    `is a file, and a file serves one process, which has LEADFOLD_ROLE=all; for role ${role} give ${server}`;
  const conflicts: [string, string][] = [];
  if (role !== 'all' && eventStore.scheme === 'sqlite') conflicts.push(['EVENT_STORE', alone(EVENTSTOREDB.example)]);
  if (role !== 'all' && readModels.scheme === 'sqlite') conflicts.push(['READ_MODELS', alone(MONGODB.example)]);
  if (role !== 'all' && vault.scheme === 'sqlite') conflicts.push(['VAULT', alone(MONGODB.example)]);
  if (areSame(eventStore, readModels))
    conflicts.push(['READ_MODELS', 'is the file of EVENT_STORE; give it one of its own, as it may be deleted']);
  if (areSame(vault, eventStore)) conflicts.push(['VAULT', 'is the file of EVENT_STORE; give it one of its own']);
  if (areSame(vault, readModels))
    conflicts.push(['VAULT', 'is the place of READ_MODELS, which may be deleted; give it one of its own']);
  if (vault.scheme !== 'sqlite' && masterKey === undefined) {
    const missing =
      'is missing; all processes at one VAULT have to be given the same key; make one with: openssl rand -base64 32';
    conflicts.push(['LEADFOLD_MASTER_KEY', missing]);
  }
  if (metricsPort !== undefined && metricsPort === port && port !== 0)
    conflicts.push(['METRICS_PORT', 'is the port of PORT; give it one of its own']);
  if (eventStore.scheme !== 'sqlite' && adminKey === undefined) {
    const missing = `is missing; all processes at one EVENT_STORE have to be given the same key; ${MAKE_KEY}`;
    conflicts.push(['LEADFOLD_ADMIN_KEY', missing]);
  }
  return [...conflicts, ...peopleConflicts(people)];
}
