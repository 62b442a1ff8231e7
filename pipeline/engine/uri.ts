/** URIs as apt and manifests write them. Pure. */

/** As decodeURIComponent, for any text: escapes that are no UTF-8 stay as they are. */
export function decodedUri(uri: string): string {
  return uri.replaceAll(/(?:%[0-9a-f]{2})+/gi, escapes => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
