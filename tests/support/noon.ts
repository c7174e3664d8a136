/** When a decision is taken unless a test says otherwise. In a file of its own: processes that tests start load it too. */
export const noon = new Date('2026-03-10T12:00:00.000Z');
