/** Host names: RFC 1123, section 2.1, and RFC 952. */

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** HOST_NAME_MAX of Linux is 64; some programs want room for an end mark in it. */
const LONGEST = 63;

/** Why this cannot be a host name; null when it can. */
export function hostnameFault(name: string): string | null {
  if (name === '') return 'it is empty';
  if (name.length > LONGEST) return `it has ${name.length} characters, ${LONGEST} are allowed`;
  if (!name.split('.').every(label => LABEL.test(label)))
    return 'its parts, between dots, are letters, digits and hyphens, 1 to 63 of them, no hyphen first or last';
  // Programs take such a name for an address (RFC 1123: "can never have the dotted-decimal form").
  return /^[0-9.]+$/.test(name) ? 'it has no letter, and would be taken for an address' : null;
}
