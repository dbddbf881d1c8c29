// SCRAM-SHA-256 (docs/protocol/native.md §4): the password never crosses the wire, and the node proves that it knows
// it. The browser's own cryptography is not offered to pages without TLS, hence a library.

import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";

export interface Challenge {
  readonly saltBase64: string;
  readonly iterations: number;
  readonly combinedNonce: string;
}

export interface Proof {
  readonly proofBase64: string;
  /** What the server must answer. */
  readonly serverSignatureBase64: string;
}

const encoder = new TextEncoder();
const nonceBytes = 18;

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function makeNonce(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(nonceBytes)));
}

function keyed(key: Uint8Array, text: string): Uint8Array {
  return hmac(sha256, key, encoder.encode(text));
}

export async function proofOf(user: string, password: string, nonce: string, challenge: Challenge): Promise<Proof> {
  const { saltBase64, iterations, combinedNonce } = challenge;
  const salted = await pbkdf2Async(sha256, encoder.encode(password), fromBase64(saltBase64), {
    c: iterations,
    dkLen: 32,
  });
  const message = `n=${user},r=${nonce},r=${combinedNonce},s=${saltBase64},i=${iterations},c=biws,r=${combinedNonce}`;
  const clientKey = keyed(salted, "Client Key");
  const signature = keyed(sha256(clientKey), message);
  const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
  const serverSignature = keyed(keyed(salted, "Server Key"), message);
  return { proofBase64: toBase64(proof), serverSignatureBase64: toBase64(serverSignature) };
}
