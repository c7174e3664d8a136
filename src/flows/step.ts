import { rescoreLead } from '../commands/scoring/rescore-lead.ts';
import type { Activity } from '../domain/lead/activity.ts';
import { Rejection } from '../domain/rejection.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import { isRepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';
import { modelInForce, withScoring } from './resolve.ts';

/** One step of a flow: its command id is made from the flow's, so that the same flow again repeats the same commands. */
export const step = (request: Request, name: string): Request => {
  const { expected: _, ...rest } = request;
  const { commandId } = request;
  return { ...rest, commandId: isRepeatable(commandId) ? `${commandId}/${name}` : commandId, causationId: commandId };
};

const partLimit = { activities: 500, bytes: 256 * 1024 };

/** Splits activities so that each part fits one append: at most 500 of them and, but for the last one put in, 256 KiB as JSON. */
export const inParts = <T extends { readonly activity: Activity }>(items: readonly T[]): readonly (readonly T[])[] => {
  if (items.length < 2) return items.length === 0 ? [] : [items];
  const parts: T[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const part = parts.at(-1);
    if (!part || part.length >= partLimit.activities || bytes >= partLimit.bytes) {
      parts.push([item]);
      bytes = 0;
    } else {
      part.push(item);
    }
    bytes += Buffer.byteLength(JSON.stringify(item.activity));
  }
  return parts;
};

/**
 * Does something that scores a lead, with the model in force. The job of a model that was published meanwhile may not find
 * the lead in time: then it is scored again here.
 */
export const scoring = async <T>(
  { handle, states }: Engine,
  { projectId, leadId }: { readonly projectId: string; readonly leadId: string },
  request: Request,
  use: (scoring: PublishedModel) => Promise<T>,
): Promise<T> => {
  const used = { version: 0 };
  const result = await withScoring(states, projectId, (model) => {
    used.version = model.version;
    return use(model);
  });
  const inForce = await modelInForce(states, projectId);
  if (inForce.version > used.version) {
    const again = step(request, `rescore/${inForce.version}/${leadId}`);
    await handle(rescoreLead, { projectId, leadId, scoring: inForce }, again);
  }
  return result;
};

/** How often a flow looks again after others moved what it was working on; each time somebody got further. */
export const rounds = 50;

/** The domain says that what the flow looked at has moved; looking again helps. */
export const hasMoved = (error: unknown): boolean =>
  error instanceof Rejection && (error.code === 'lead-merged' || error.code === 'identifier-taken');
