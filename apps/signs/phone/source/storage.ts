// What the device keeps in IndexedDB: the release in force, its files by digest, settings, and what waits to be sent.

const STORES = { state: {}, files: {}, queue: { autoIncrement: true } } as const;
type Store = keyof typeof STORES;

let opened: Promise<IDBDatabase> | undefined;

/** The value at `key`, or undefined. */
export async function get<T>(store: Store, key: IDBValidKey): Promise<T | undefined> {
  return (await run(store, "readonly", (objects) => objects.get(key))) as T | undefined;
}

/** Write several values and delete others in one step: all or none. */
export async function put(store: Store, values: Record<string, unknown>, gone: IDBValidKey[] = []): Promise<void> {
  await run(store, "readwrite", (objects) => {
    for (const [key, value] of Object.entries(values)) objects.put(value, key);
    for (const key of gone) objects.delete(key);
  });
}

/** Add values to the end of the queue, in one step. */
export async function append(values: unknown[]): Promise<void> {
  await run("queue", "readwrite", (objects) => {
    for (const value of values) objects.add(value);
  });
}

/** The first `most` waiting values with their keys, oldest first. */
export async function waiting<T>(most: number): Promise<[number, T][]> {
  const database = await open();
  const objects = database.transaction("queue").objectStore("queue");
  const [keys, values] = await Promise.all([asked(objects.getAllKeys(null, most)), asked(objects.getAll(null, most))]);
  return keys.map((key, index) => [key as number, values[index] as T]);
}

export async function remove(store: Store, keys: IDBValidKey[]): Promise<void> {
  await put(store, {}, keys);
}

export async function count(store: Store): Promise<number> {
  return (await run(store, "readonly", (objects) => objects.count())) as number;
}

export async function keys(store: Store): Promise<IDBValidKey[]> {
  return (await run(store, "readonly", (objects) => objects.getAllKeys())) as IDBValidKey[];
}

async function run(store: Store, mode: IDBTransactionMode, act: (objects: IDBObjectStore) => IDBRequest | void): Promise<unknown> {
  const database = await open();
  return new Promise((done, failed) => {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const request = act(transaction.objectStore(store));
    transaction.oncomplete = () => done(request?.result);
    transaction.onabort = () => failed(transaction.error ?? new Error("the device could not keep this"));
  });
}

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const request = indexedDB.open("signs", 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error("the device keeps nothing for this page"));
  });
  return opened;
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
