/** ajv reports every branch of an anyOf; a person wants to hear of the branch they meant. */
import type { ErrorObject } from 'ajv/dist/2020.js';

/** Keywords whose failure says "not this branch", when they fail on the value itself. */
const KIND_KEYWORDS: ReadonlySet<string> = new Set(['type', 'const', 'enum', 'pattern', 'x-size']);

/**
 * Of each failed anyOf/oneOf keeps the errors of the one branch whose kind fits the value (the one with the fewest,
 * if several fit); when none fits, the anyOf error alone, for which all branches are the allowed values.
 */
export function mergeBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  unions.sort((a, b) => b.schemaPath.length - a.schemaPath.length);
  let rest = errors.filter(({ keyword }) => keyword !== 'if');
  for (const union of unions) {
    const inside = rest.filter(error => isInside(error, union));
    if (inside.length === 0) continue;
    const branches = branchesOf(union, inside);
    const chosen = fittingBranch(union, branches) ?? discriminator(union, branches) ?? [union];
    rest = [...rest.filter(error => error !== union && !inside.includes(error)), ...chosen];
  }
  return rest;
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  const here = error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
  return here && error.schemaPath.startsWith(`${union.schemaPath}/`);
}

function branchesOf(union: ErrorObject, inside: readonly ErrorObject[]): ErrorObject[][] {
  const branches = new Map<string, ErrorObject[]>();
  for (const error of inside) {
    const index = error.schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? '';
    branches.set(index, [...(branches.get(index) ?? []), error]);
  }
  return [...branches.values()];
}

function fittingBranch(union: ErrorObject, branches: readonly ErrorObject[][]): ErrorObject[] | null {
  const fitting = branches.filter(branch => !branch.some(error => isOtherKind(error, union)));
  fitting.sort((a, b) => a.length - b.length);
  return fitting[0] ?? null;
}

/** When the branches of this type differ in a constant (`kind: ext4 | erofs`), it is the constant that is wrong. */
function discriminator(union: ErrorObject, branches: readonly ErrorObject[][]): ErrorObject[] | null {
  const isTyped = ({ instancePath, keyword }: ErrorObject): boolean =>
    instancePath !== union.instancePath || !KIND_KEYWORDS.has(keyword);
  const typed = branches.filter(branch => branch.every(isTyped));
  const constants = typed.flatMap(branch => branch.filter(({ keyword }) => keyword === 'const'));
  const [first] = constants;
  if (first === undefined || constants.some(({ instancePath }) => instancePath !== first.instancePath)) return null;
  return [
    {
      ...first,
      keyword: 'enum',
      parentSchema: { enum: constants.map(({ params }) => params['allowedValue'] as unknown) },
    },
  ];
}

/** A wrong value, or a wrong discriminator: a constant one level below. */
function isOtherKind(error: ErrorObject, union: ErrorObject): boolean {
  if (error.instancePath === union.instancePath) return KIND_KEYWORDS.has(error.keyword);
  const below = error.instancePath.slice(union.instancePath.length + 1);
  return error.keyword === 'const' && !below.includes('/');
}
