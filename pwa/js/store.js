// What the phone keeps for the person: entries that wait to be sent, in order, and who is signed in.
// Shared by the pages and the service worker.
let base;
const work=async(name,f)=>{
const db=await(base=base||new Promise((ok,no)=>{
const r=indexedDB.open("fieldline",1);
r.onupgradeneeded=()=>{
r.result.createObjectStore("out",{keyPath:"seq",autoIncrement:true}).createIndex("user","user");
r.result.createObjectStore("kv");
};
r.onsuccess=()=>ok(r.result);
r.onerror=no;
}));
return new Promise((ok,no)=>{
// Strict: an entry that the person was told is kept must survive the phone's battery.
const t=db.transaction(name,"readwrite",{durability:"strict"}),r=f(t.objectStore(name));
t.oncomplete=()=>ok(r.result);
t.onabort=no;
});
};
const entries=user=>work("out",s=>s.index("user").getAll(user));
const entry=seq=>work("out",s=>s.get(seq));
const put=e=>work("out",s=>s.put(e));
const drop=seq=>work("out",s=>s.delete(seq));
const who=()=>work("kv",s=>s.get("user")).catch(()=>"");
const iam=user=>work("kv",s=>s.put(user,"user")).catch(()=>{});
