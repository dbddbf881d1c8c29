import { expect, test } from "vitest";
import { proofOf } from "./scram";

// RFC 7677, section 3.
test("the example of the standard", async () => {
  const combinedNonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const challenge = { saltBase64: "W22ZaJ0SNY7soEsUEjb6gQ==", iterations: 4096, combinedNonce };
  const proof = await proofOf("user", "pencil", "rOprNGfwEbeRWgbNEkqO", challenge);
  expect(proof).toEqual({
    proofBase64: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    serverSignatureBase64: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  });
});
