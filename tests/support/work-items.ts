import { openWorkItem } from '../../src/commands/work/open-work-item.ts';
import type { App } from '../../src/app.ts';
import type { WorkItemEvent } from '../../src/domain/work/work-item.ts';
import type { Project } from './client.ts';
import { mustBe } from './client.ts';
import { request } from './engine.ts';

type Opening = Omit<Extract<WorkItemEvent, { type: 'WorkItemOpened' }>['data'], 'openedAt'>;

type Item = Partial<Opening> & Pick<Opening, 'projectId' | 'workId'>;

/** Has somebody look at something, as what needs that does. */
export const open = async (app: App, item: Item): Promise<void> => {
  await opening(app, item);
  await app.settled();
};

/** The same, without waiting until it is seen. */
export const opening = async ({ engine }: App, item: Item): Promise<void> => {
  const usual = { kind: 'deadline_missed', priority: 'normal', dueAt: '2026-03-10T16:00:00.000Z' } as const;
  const input = { ...usual, reason: 'Nobody replied', details: {}, ...item };
  await engine.handle(openWorkItem, input, request(`open-${item.projectId}-${item.workId}`));
};

/** The value of a key of the project that may read leads and act on them. */
export const operatorKey = async (
  { asRoot, projectId }: Project,
  scopes: readonly string[] = ['leads:read', 'leads:write'],
): Promise<string> => {
  const answer = await asRoot('POST', `/api/projects/${projectId}/keys`, { body: { name: 'operator', scopes } });
  return mustBe(answer, 201).body.key;
};
