// What a program of a shop's does with a client that is generated from the description of the API. It is told the address and a
// key, and prints what it found as one line of JSON.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

type Customer = components["schemas"]["ListedCustomer"];

const [address, key] = process.argv.slice(2);
if (!address || !key) throw new Error("tell me the address and a key");
const api = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });

/** Every customer, page by page. */
async function* customers(limit: number): AsyncGenerator<Customer> {
  let cursor: string | undefined;
  do {
    const { data, error } = await api.GET("/v1/customers", {
      params: { query: cursor === undefined ? { limit } : { limit, cursor } },
    });
    if (error) throw new Error(error.code);
    yield* data.items;
    cursor = data.next ?? undefined;
  } while (cursor !== undefined);
}

/** What was decided on the last thing that happened, in words. */
async function last(key: string): Promise<string[]> {
  const { data, error } = await api.GET("/v1/customers/{key}/timeline", {
    params: { path: { key }, query: { limit: 1, lang: "en" } },
  });
  if (error) throw new Error(error.code);
  return data.items.flatMap((entry) => entry.facts.map((fact) => fact.sentence));
}

/** Sends an event; says how many were accepted. */
async function send(messageId: string): Promise<number> {
  const { data, error } = await api.POST("/v1/track", {
    body: { messageId, userId: "ana", event: "order.placed", properties: { total: 49.9 } },
  });
  if (error) throw new Error(error.code);
  return data.accepted;
}

/** The code of the problem that an event of nobody's is; the type names all that it may be. */
async function refused(): Promise<string> {
  const { error } = await api.POST("/v1/track", {
    body: { messageId: "", userId: "ana", event: "order.placed" },
  });
  switch (error?.code) {
    case "empty":
      return `empty: ${error.field}`;
    case "unavailable":
      return "again later";
    default:
      return "something else";
  }
}

/** What is not there. */
async function missing(): Promise<string> {
  const { error, response } = await api.GET("/v1/customers/{key}", { params: { path: { key: "nobody" } } });
  return `${response.status} ${error?.code}`;
}

/** Whether what is known already is sent again. */
async function again(): Promise<number> {
  const params = { path: { key: "ana" } };
  const first = await api.GET("/v1/customers/{key}", { params });
  const tag = first.response.headers.get("etag") ?? "";
  const second = await api.GET("/v1/customers/{key}", { params: { ...params, header: { "If-None-Match": tag } } });
  return second.response.status;
}

const keys: string[] = [];
for await (const customer of customers(7)) keys.push(customer.key);
console.log(JSON.stringify({
  customers: keys.length,
  last: await last("ana"),
  accepted: await send("typescript-1"),
  refused: await refused(),
  missing: await missing(),
  again: await again(),
}));
