import { forgetDelivery as forget } from '../commands/deliveries/forget-delivery.ts';
import { delivery } from '../domain/deliveries/delivery.ts';
import { streamOf } from '../domain/streams.ts';
import type { Flow } from './intent.ts';

type Forgotten = Parameters<(typeof forget)['id']>[0];

/** Forgets what came of a delivery: its stream keeps that it is forgotten, and nothing else. */
export const forgetDelivery: Flow<Forgotten> = async ({ handle, truncate }, input, request) => {
  const { events, revision } = await handle(forget, input, request);
  if (events.length > 0 && revision > 0) await truncate(streamOf(delivery.name, forget.id(input)), revision);
};
