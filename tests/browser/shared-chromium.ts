import type { TestProject } from 'vitest/node';
import { launchChromium } from './chromium.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the Chromium of a run listens. */
    readonly chromium: string;
  }
}

/** Before the tests in a browser: starts one for all of their files, which each have contexts of their own. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await launchChromium();
  project.provide('chromium', server.wsEndpoint());
  return () => server.close();
};
