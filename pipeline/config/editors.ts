/** Files that editors put beside the one they edit: they come and go while somebody works, and nobody means them. */

/** vim: swap files, and the number it tries a folder with. Emacs: locks, and what it saves by itself. GNOME, Kate. Many: `NAME~`. */
const PATTERNS = [/^\..*\.sw[a-px]$/, /^4913$/, /^\.#/, /^#.*#$/, /^\.goutputstream-/, /^\..*\.kate-swp$/, /.~$/];

/** By its name alone, without folder. */
export function isEditorsOwn(name: string): boolean {
  return PATTERNS.some(each => each.test(name));
}
