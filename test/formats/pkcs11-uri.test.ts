import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePkcs11Uri } from '../../pipeline/formats/pkcs11-uri.ts';

describe('parsePkcs11Uri', () => {
  test('parts the token from the key', () => {
    expect(parsePkcs11Uri('pkcs11:object=db;token=The%20Reef;serial=07;id=%01%ff;type=private')).toEqual({
      token: 'pkcs11:token=The%20Reef;serial=07',
      key: 'pkcs11:token=The%20Reef;serial=07;object=db;id=%01%ff;type=private',
      pinSource: null,
    });
  });

  test.each(['file:/run/a%20pin', 'file:///run/a%20pin', '/run/a%20pin'])('finds the PIN at %s', source => {
    expect(parsePkcs11Uri(`pkcs11:token=a;object=b?pin-source=${source}`).pinSource).toBe('/run/a pin');
  });

  test.each([
    ['object=b', 'names no token'],
    ['token=a', 'names no object'],
    ['token=a;object=b;slot-id=3', '"slot-id", which is not known'],
    ['token=a;object=b;token=c', '"token" twice'],
    ['token=a;object=', 'a bad "object"'],
    ['token=a b;object=c', 'a bad "token"'],
    ['token=a%2;object=c', 'a bad "token"'],
    ['token=a;object=b;type=cert', 'not private'],
    ['token=a;object=b?module-path=/m.so', '"module-path" behind the question mark'],
    ['token=a;object=b?pin-source=pin', 'no absolute path'],
    ['token=a;object=b?pin-source=file:/run/%ff', 'not UTF-8'],
    ['token=a;object=b?pin-source=file:/run/%00', 'not UTF-8'],
    ['token=a;object=b?pin-source=|sh', 'a bad "pin-source"'],
  ])('refuses %s', (text, message) => {
    expect(() => parsePkcs11Uri(`pkcs11:${text}`)).toThrow(message);
  });

  test('takes any label, percent-encoded, and gives it back as it was', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ minLength: 1 }), (token, object) => {
        const [a, b] = [encodeURIComponent(token), encodeURIComponent(object)];
        expect(parsePkcs11Uri(`pkcs11:token=${a};object=${b}`).key).toBe(`pkcs11:token=${a};object=${b};type=private`);
      }),
    );
  });

  test('never repeats a PIN', () => {
    for (const text of [
      'token=a;object=b?pin-value=4711',
      'token=a;object=b?4711',
      'token=a;4711',
      'token=a;pin4711=;object=b',
    ])
      try {
        expect(parsePkcs11Uri(`pkcs11:${text}`)).toBeUndefined();
      } catch (error) {
        expect(error).toMatchObject({ name: 'FormatFault' });
        expect(JSON.stringify(error) + String(error)).not.toContain('4711');
      }
  });
});
