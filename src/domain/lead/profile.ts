import type { Map as PersistentMap } from 'immutable';
import type { Activity, Json, JsonObject } from './activity.ts';
import { leadLimits } from './lead-limits.ts';

/** A trait with the activity that said so last: when it occurred, and its event id. */
export type StampedTrait = { readonly value: Json; readonly at: string; readonly by: string };

/** What is known of a person; `profileBytes` is how long that is as JSON. */
export type Profile = { readonly profile: PersistentMap<string, StampedTrait>; readonly profileBytes: number };

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** How long a trait is as a member of a JSON object, in bytes: its name, its value, a colon and a comma. */
const traitBytes = (trait: string, value: Json): number =>
  bytesOf(JSON.stringify(trait)) + bytesOf(JSON.stringify(value)) + 2;

/** How long all traits are together as JSON, in bytes. */
export const profileBytesOf = (profile: Iterable<readonly [string, StampedTrait]>): number => {
  let bytes = 0;
  for (const [trait, { value }] of profile) bytes += traitBytes(trait, value);
  return bytes;
};

type Telling = Pick<Activity, 'traits' | 'occurredAt' | 'eventId'>;

const isNewer = ({ occurredAt, eventId }: Telling, before: StampedTrait | undefined): boolean =>
  !before || occurredAt > before.at || (occurredAt === before.at && eventId > before.by);

/**
 * A profile with what an activity says of the person. The last to say so wins, by when it occurred and then by event id: so
 * arrival can't matter.
 */
export const withTraits = ({ profile, profileBytes }: Profile, activity: Telling): Profile => {
  let bytes = profileBytes;
  const newer: [string, StampedTrait][] = [];
  for (const [trait, value] of Object.entries(activity.traits ?? {})) {
    const before = profile.get(trait);
    if (!isNewer(activity, before)) continue;
    bytes += traitBytes(trait, value) - (before ? traitBytes(trait, before.value) : 0);
    newer.push([trait, { value, at: activity.occurredAt, by: activity.eventId }]);
  }
  return newer.length === 0 ? { profile, profileBytes } : { profile: profile.merge(newer), profileBytes: bytes };
};

/** The names of an activity's traits for which a profile has no room. One that it has may take another value that is no longer. */
const withoutRoom = ({ profile, profileBytes }: Profile, activity: Telling): readonly string[] => {
  let [traits, bytes] = [profile.size, profileBytes];
  return Object.entries(activity.traits ?? {}).flatMap(([trait, value]) => {
    const before = profile.get(trait);
    if (!isNewer(activity, before)) return [];
    const more = traitBytes(trait, value) - (before ? traitBytes(trait, before.value) : 0);
    if (!before && traits >= leadLimits.traits) return [trait];
    if (more > 0 && bytes + more > leadLimits.profileBytes) return [trait];
    bytes += more;
    traits += before ? 0 : 1;
    return [];
  });
};

/** Traits with the address that is known of a lead by its identifiers, unless they have one. */
export const withAddress = (traits: JsonObject, email: string | undefined): JsonObject =>
  email === undefined || traits['email'] !== undefined ? traits : { ...traits, email };

const without = (traits: JsonObject | undefined, names: readonly string[]): JsonObject => {
  const out = new Set(names);
  return Object.fromEntries(Object.entries(traits ?? {}).filter(([trait]) => !out.has(trait)));
};

/** Whether there is room for all traits of activities, were they all new: so it is for nearly everybody. */
const hasRoomForAll = ({ profile, profileBytes }: Profile, activities: readonly Activity[]): boolean => {
  let [traits, bytes] = [profile.size, profileBytes];
  for (const activity of activities) {
    if (!activity.traits) continue;
    traits += Object.keys(activity.traits).length;
    bytes += bytesOf(JSON.stringify(activity.traits));
  }
  return traits <= leadLimits.traits && bytes <= leadLimits.profileBytes;
};

/**
 * Activities, in the order in which they are taken, without the traits for which the profile has no room by then, whose names
 * they have instead. What there is room for depends on what came before.
 */
export const withRoomFor = (before: Profile, activities: readonly Activity[]): readonly Activity[] => {
  if (hasRoomForAll(before, activities)) return activities;
  let known = before;
  return activities.map((activity) => {
    if (!activity.traits) return activity;
    const names = withoutRoom(known, activity);
    const taken =
      names.length === 0
        ? activity
        : {
            ...activity,
            traits: without(activity.traits, names),
            traitsLeftOut: [...(activity.traitsLeftOut ?? []), ...names],
          };
    known = withTraits(known, taken);
    return taken;
  });
};
