/** What was asked could not be seen; the claim has failed, and this is why. */
export class ClaimFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClaimFault';
  }
}
