/** Fakes for the tests of those who use ipmi-js: a requester that answers from a table, and a whole BMC in memory. */
export {
  answer,
  answerBytes,
  AnswerTable,
  Refusal,
  silence,
  type AnswerBytes,
  type FakeAnswer,
} from "./testing/answers.ts";
export { FakeBmc, type Fate, type FakeBmcOptions, type FakeBmcRequest, type FakeDatagram } from "./testing/fake-bmc.ts";
export { fakeRequester, type FakeRequest, type FakeRequester } from "./testing/fake-requester.ts";
