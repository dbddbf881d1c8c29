import { expect, test } from "vitest";
import { connectRequest, encodeArgument, functionRequest, scriptRequest } from "./encode";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("the first request asks for a session", () => {
  expect(text(connectRequest())).toBe("API2 0 8 / 0_1_4_64\nconnect\n");
});

test("the length of a script is told in bytes, not letters", () => {
  expect(text(scriptRequest("17", "`é", {}))).toBe("API2 17 10 / 0_1_4_64\nscript\n`é");
});

test("the tenth property limits the rows of the answer", () => {
  expect(text(scriptRequest("17", "t", { rowsMax: 100 }))).toBe("API2 17 8 / 0_1_4_64______rows=100\nscript\nt");
});

test("urgent calls are marked and carry their arguments", () => {
  const bytes = functionRequest("17", "getClusterPerf", [true], { urgent: true });
  expect(text(bytes.slice(0, -3))).toBe("API2 17 28 / 1_1_8_64\nfunction\ngetClusterPerf\n1\n1\n");
  expect([...bytes.slice(-3)]).toEqual([1, 0, 1]);
});

test("arguments are objects of the protocol", () => {
  expect([...encodeArgument("ab")]).toEqual([0x12, 0, 0x61, 0x62, 0]);
  expect([...encodeArgument(2)]).toEqual([4, 0, 2, 0, 0, 0]);
  expect([...encodeArgument(["a", "b"])]).toEqual([0x12, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0x62, 0]);
});

test("a text with a zero byte cannot end early", () => {
  expect([...encodeArgument("a\0b")]).toEqual([0x12, 0, 0x61, 0x20, 0x62, 0]);
});
