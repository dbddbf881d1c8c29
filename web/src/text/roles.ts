/** What getNodeType() and the column mode of getClusterPerf() say. */
export const Role = { data: 0, agent: 1, controller: 2, single: 3, compute: 4 } as const;

const keys = ["role.data", "role.agent", "role.controller", "role.single", "role.compute"] as const;

const pluralKeys = ["roles.data", "roles.agent", "roles.controller", "roles.single", "roles.compute"] as const;

export function roleKey(role: number, count = 1) {
  return (count === 1 ? keys : pluralKeys)[role] ?? "role.unknown";
}
