import { GenericContainer, Wait } from 'testcontainers';
import { dockerAnswers } from './docker.ts';

/** A real EventStoreDB: its connection string, and where it comes from. */
export type RealEventStoreDB = { readonly url: string; readonly from: string; readonly stop: () => Promise<void> };

const image = 'eventstore/eventstore:24.10.2-jammy';

/** The server that `EVENTSTOREDB_URL` names, or one in a container where Docker answers; undefined where there is neither. */
export const realEventStoreDB = async (): Promise<RealEventStoreDB | undefined> => {
  const given = process.env['EVENTSTOREDB_URL'];
  if (given !== undefined) return { url: given, from: 'EVENTSTOREDB_URL', stop: async () => undefined };
  if (!(await dockerAnswers())) return undefined;
  const container = await new GenericContainer(image)
    .withEnvironment({ EVENTSTORE_INSECURE: 'true', EVENTSTORE_CLUSTER_SIZE: '1', EVENTSTORE_MEM_DB: 'true' })
    .withExposedPorts(2_113)
    .withWaitStrategy(Wait.forHttp('/health/live', 2_113).forStatusCode(204))
    .start();
  const url = `esdb://${container.getHost()}:${container.getMappedPort(2_113)}?tls=false`;
  return { url, from: image, stop: async () => void (await container.stop()) };
};
