/** What a person may be in a project. */
export const roles = ['admin', 'manager', 'operator', 'analyst', 'auditor'] as const;
export type Role = (typeof roles)[number];
