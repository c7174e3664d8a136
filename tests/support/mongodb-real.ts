import { GenericContainer, Wait } from 'testcontainers';
import { dockerAnswers } from './docker.ts';

/** A real MongoDB server: its URL, without a database, and where it comes from. */
export type RealMongo = { readonly url: string; readonly from: string; readonly stop: () => Promise<void> };

const image = 'mongo:8.0.13';

/** The server that `MONGODB_URL` names, or one in a container where Docker answers; undefined where there is neither. */
export const realMongo = async (): Promise<RealMongo | undefined> => {
  const given = process.env['MONGODB_URL'];
  if (given !== undefined) return { url: given, from: 'MONGODB_URL', stop: async () => undefined };
  if (!(await dockerAnswers())) return undefined;
  const container = await new GenericContainer(image)
    .withExposedPorts(27_017)
    .withWaitStrategy(Wait.forLogMessage(/Waiting for connections/))
    .start();
  const url = `mongodb://${container.getHost()}:${container.getMappedPort(27_017)}`;
  return { url, from: image, stop: async () => void (await container.stop()) };
};

/** The URL with a database in it, keeping what else it says. */
export const withDatabase = (url: string, database: string): string => {
  const [, server = url, query = ''] = /^([^/]*\/\/[^/?]*)[^?]*(\?.*)?$/.exec(url) ?? [];
  return `${server}/${database}${query}`;
};
