import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bodyLimits } from '../src/api/http/body.ts';
import { admissionLimits } from '../src/api/ingest/admission.ts';
import { itemLimits } from '../src/api/ingest/json.ts';
import { connectionLimits } from '../src/api/http/connections.ts';
import { bodyLimit as accountBodies } from '../src/api/routes/account-form.ts';
import { mostProjects } from '../src/api/routes/projects.ts';
import { mailsAnHour } from '../src/domain/people/address.ts';
import { passwordLength } from '../src/flows/people/accounts.ts';
import { laterLimits } from '../src/flows/people/later.ts';
import { hashingLimits } from '../src/outside/passwords/hashing.ts';
import { laneLimits } from '../src/api/http/lanes.ts';
import { waits } from '../src/api/http/waiting.ts';
import { candidateLimits } from '../src/domain/routing/candidates.ts';
import { leadLimits } from '../src/domain/lead/lead-limits.ts';
import { rejectLimits } from '../src/domain/sources/reject.ts';
import { memberLimits } from '../src/domain/projects/members.ts';
import { mostOrigins } from '../src/domain/projects/origins.ts';
import { projectLimits } from '../src/domain/projects/project.ts';
import { pageLimits } from '../src/eventstore/page.ts';
import { waitingBytes } from '../src/api/http/event-stream.ts';
import { feedWaits } from '../src/api/routes/feed.ts';
import { pageLanes } from '../src/api/routes/feed-reading.ts';
import { openStreams } from '../src/api/routes/stream.ts';
import { pageBounds } from '../src/queries/deliveries/feed.ts';

const [kib, mib] = [1024, 1024 * 1024];
const told = (value: number): string => value.toLocaleString('en');

/** What the page says of each bound, as the code has it. */
const lines: readonly (readonly [of: string, ...parts: readonly string[]])[] = [
  ['a body', `${bodyLimits.bytes / mib} MiB`, `${told(bodyLimits.values)} values`],
  [
    'a body without a key in its headers',
    `${bodyLimits.keylessBytes / kib} KiB`,
    `${bodyLimits.keylessBytesInAll / mib} MiB`,
  ],
  ['connections', `${told(connectionLimits.ofAll)} of a process`, `${told(connectionLimits.ofAddress)} of an address`],
  ['keys of a project', told(projectLimits.keys)],
  ['origins of a key', told(mostOrigins)],
  ['members of a project, with open invitations', told(memberLimits.members)],
  ['invitations of a project', `${memberLimits.invitationsADay} a day`],
  ['projects of a person who begins another', told(mostProjects)],
  ['a batch', `${told(bodyLimits.items)} items`],
  ['a webhook', `${told(bodyLimits.items)} items`],
  ['what is kept of what one request has refused', `${told(rejectLimits.ofRequest)} items`],
  ['an activity', `${itemLimits.bytes / kib} KiB`, `${told(itemLimits.values)} values`],
  [
    'a lead',
    `${told(leadLimits.identifiers)} identifiers`,
    `${leadLimits.mergedLeads} merged leads`,
    `${leadLimits.traits} traits`,
    `${leadLimits.profileBytes / kib} KiB`,
  ],
  ['versions of a model, of rules, of a reply policy', told(projectLimits.versions)],
  ['candidates of a routing decision', `${candidateLimits.inFull} in full`],
  [
    'reads that wait for a position',
    `${waits.ofProject} of a project`,
    `${told(waits.ofAll)} of all`,
    `${waits.patience / 1_000} s`,
  ],
  [
    'the past of a lead, a long score, a lead made again',
    `${laneLimits.running} of a project`,
    `${laneLimits.runningInAll} of all`,
    `${laneLimits.waiting} of a project wait`,
  ],
  [
    'bodies above 64 KiB that are recorded',
    `${admissionLimits.large.ofProject.bodies} of a project`,
    `${admissionLimits.large.ofAll.bodies} of all`,
    `${admissionLimits.large.waiting / mib} MiB`,
  ],
  [
    'bodies up to 64 KiB that are recorded',
    `${told(admissionLimits.smalls.ofProject.bodies)} of a project`,
    `${told(admissionLimits.smalls.ofAll.bodies)} of all`,
  ],
  ['bodies of a project that come in', `${admissionLimits.arriving / mib} MiB`],
  [
    'a page of the feed',
    `${pageBounds.bytes / kib} KiB`,
    `${told(pageBounds.facts)} facts`,
    `${pageBounds.milliseconds / 1_000} s`,
  ],
  [
    'pages of the feed that are read',
    `${pageLanes.running} of a project`,
    `${pageLanes.runningInAll} of all`,
    `${pageLanes.waiting} of a project wait`,
  ],
  [
    'requests that wait for the feed',
    `${feedWaits.ofProject} of a project`,
    `${feedWaits.ofAll} of a process`,
    `${feedWaits.seconds} s`,
  ],
  ['streams', `${openStreams.ofProject} of a project`, `${openStreams.ofAll} of a process`],
  [
    'what waits for the reader of a stream',
    `${waitingBytes.ofReader / mib} MiB`,
    `${waitingBytes.ofAll / mib} MiB for all`,
  ],
  ['a request about an account', `${accountBodies / kib} KiB`, `${passwordLength.most} characters`],
  ['passwords that are hashed', `${hashingLimits.atOnce} at a time in a process`, `${hashingLimits.waiting} wait`],
  ['mails to an address', `${mailsAnHour} in an hour`],
  ['mails that are asked for and not made yet', `${laterLimits.waiting} of a process`],
  ['a page of the log, for whoever reads it', `${told(pageLimits.events)} facts`, `${pageLimits.bytes / mib} MiB`],
];

it('The page of limits says what the code has', () => {
  const page = readFileSync(new URL('../docs/how-to/know-the-limits.md', import.meta.url), 'utf8');
  const rows = new Map(
    page
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, of = '', most = '']) => [of, most]),
  );
  for (const [of, ...parts] of lines)
    for (const part of parts) expect({ of, rows: rows.get(of) }).toEqual({ of, rows: expect.stringContaining(part) });
});
