/** Where a path of a package stands in a system with merged /usr, as Debian's are: `/bin/x` is `/usr/bin/x`. */
export function mergedPath(path: string): string {
  return /^\/(?:s?bin|lib(?:32|64|x32)?)\//.test(path) ? `/usr${path}` : path;
}
