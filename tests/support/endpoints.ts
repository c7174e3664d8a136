import type { TestApp } from './app.ts';
import type { Json } from './client.ts';
import { mustBe } from './client.ts';
import { salesOf } from './sales.ts';

/** The settings of an app that may send to this machine, and tries again after these waits. */
export const sendingHere = (schedule = '1s,1m') => ({ DELIVERY_ALLOW: '127.0.0.0/8', DELIVERY_SCHEDULE: schedule });

/** A project with what is asked of its endpoints and deliveries. */
export const withEndpoints = async (app: TestApp, name?: string) => {
  const sales = await salesOf(app, name);
  const { ask, path, project } = sales;
  return {
    ...sales,
    add: async (port: number, wanted: object = {}): Promise<string> =>
      mustBe(await ask('POST', `${path}/endpoints`, { url: `http://127.0.0.1:${port}/`, ...wanted }), 201).body
        .endpointId,
    endpoint: async (endpointId: string): Promise<Json> => project.get(`${path}/endpoints/${endpointId}`),
    change: async (endpointId: string, change: object) =>
      mustBe(await ask('PATCH', `${path}/endpoints/${endpointId}`, change), 200).body,
    deliveries: (query = ''): Promise<readonly Json[]> => project.all(`${path}/deliveries?limit=100${query}`),
    delivery: (deliveryId: string): Promise<Json> => project.get(`${path}/deliveries/${deliveryId}`),
  };
};
