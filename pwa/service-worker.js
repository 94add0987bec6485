// Pages from the network, else the stored copy; assets from the store. One store a person, 72 hours at most,
// gone at sign-out and when the server no longer knows the session.
const HOURS=72*36e5,SLOW=3e3,ROAD=["/customers/pocket","/customers/pocket?page=2"],NEVER=/^\/(reports|payments|settings|approvals|sms|calls|popup|gateways|users|audit|exports|login|logout|ledger|me)\b/;
const store=user=>caches.open("u-"+user);
const tidy=keep=>caches.keys().then(all=>Promise.all(all.filter(n=>n!=="assets"&&n!==keep).map(n=>caches.delete(n))));
const wipe=()=>Promise.all([tidy(),iam("")]);
const key=url=>{const u=new URL(url);u.hash="";["done","auto"].forEach(p=>u.searchParams.delete(p));return u.href};
// A stored copy says so of itself, and does not repeat a toast.
const keep=async(url,r)=>{
if(r.status===401)return wipe();
if(!r.ok||r.headers.get("x-offline")!=="1"||NEVER.test(new URL(url).pathname))return;
const html=await r.text(),m=/<body[^>]* data-user="([^"]+)"/.exec(html),now=Date.now();
if(!m)return;
if(await who()!==m[1]){await tidy("u-"+m[1]);await iam(m[1])}
const headers=new Headers({"content-type":"text/html; charset=utf-8","x-at":now}),csp=r.headers.get("content-security-policy");
if(csp)headers.set("content-security-policy",csp);
await Promise.all([...html.matchAll(/(?:<script src|sheet" href)="([^"]+)/g)].map(s=>asset(new Request(s[1]))));
await(await store(m[1])).put(key(url),new Response(html.replace("<html",`<html data-stored="${now}"`).replace(/<p class="toast"[^>]*>[^<]*<\/p>/,""),{headers}));
};
const copy=async url=>{
const user=await who(),cache=user&&await store(user),r=cache&&await cache.match(key(url));
if(!r)return;
if(Date.now()-r.headers.get("x-at")<HOURS)return r;
await cache.delete(key(url));
};
const old=async()=>{
const user=await who(),cache=user&&await store(user);
if(cache)for(const k of await cache.keys())await copy(k.url);
};
// The answer of a form that a page has received already.
const handed=async url=>{
const r=await caches.match(url,{cacheName:"once"});
if(r)await caches.delete("once");
return r;
};
const page=async e=>{
const url=e.request.url,once=await handed(url);
if(once){e.waitUntil(keep(url,once.clone()));return once}
const net=fetch(e.request).then(r=>{
// The sign-in page is where an ended session leads.
e.waitUntil(new URL(url).pathname==="/login"&&r.ok?wipe():keep(url,r.clone()));
return r;
});
const had=await copy(url);
try{
return await(had?Promise.race([net,new Promise((_,no)=>setTimeout(no,SLOW))]):net);
}catch(_){
net.catch(()=>{});
// A customer without a page on the phone stands in the list for the road.
const id=!had&&/^\/customers\/(\w{13})$/.exec(new URL(url).pathname);
for(const p of id?ROAD:[]){
const r=await copy(new URL(p,url).href);
if(r&&(await r.text()).includes(`id="${id[1]}"`))return Response.redirect(p+"#"+id[1]);
}
const lang=/^zh/.test(navigator.language)?"zh-CN":"en";
return had||await caches.match(OFFLINE[lang])||Response.error();
}
};
const asset=async r=>{
const had=await caches.match(r,{cacheName:"assets"});
if(had)return had;
const net=await fetch(r);
if(net.ok&&new URL(r.url).pathname.startsWith("/assets/"))(await caches.open("assets")).put(r,net.clone());
return net;
};
addEventListener("outbox",async()=>(await clients.matchAll()).forEach(c=>c.postMessage(1)));
const empty=async()=>{
const user=await who();
await drain(user);
// Throwing asks the browser to try again later.
if(user&&(await entries(user)).some(due))throw 0;
};
addEventListener("install",e=>{
skipWaiting();
e.waitUntil(caches.open("assets").then(c=>c.addAll([...Object.values(OFFLINE),...LATE])));
});
addEventListener("activate",e=>e.waitUntil((async()=>{
// Stored pages still need the assets of their day; only a long trail of them is cut.
const cache=await caches.open("assets"),all=await cache.keys();
for(const k of all.slice(0,-60))await cache.delete(k);
await clients.claim();
await old();
})()));
addEventListener("fetch",e=>{
const r=e.request,u=new URL(r.url);
if(u.origin!==location.origin)return;
if(r.method==="POST"&&u.pathname==="/logout")e.waitUntil(wipe());
if(r.method!=="GET")return;
if(/^\/(assets|icons)\//.test(u.pathname))e.respondWith(asset(r));
else if(r.mode==="navigate")e.respondWith(page(e));
});
// The pages behind the tabs, so that they can be read on the road: fetched when there is no copy of today.
const warm=async urls=>{
for(const u of[...urls,...ROAD]){
const url=new URL(u,location).href;
if(NEVER.test(new URL(url).pathname))continue;
const once=await handed(url);
if(once){await keep(url,once);continue}
const had=await copy(url);
if(had&&Date.now()-had.headers.get("x-at")<36e5)continue;
await fetch(url,{headers:{accept:"text/html"}}).then(r=>keep(url,r)).catch(()=>{});
}
};
addEventListener("message",e=>e.waitUntil(warm(e.data)));
addEventListener("sync",e=>e.tag==="outbox"&&e.waitUntil(empty()));
addEventListener("push",e=>{
let n={};
try{n=e.data.json()}catch(_){}
e.waitUntil(registration.showNotification(n.title||"外勤通",{body:n.body||"",tag:n.tag,data:n.href||"/",icon:"/icons/icon-192.png",badge:"/icons/icon-192.png"}));
});
addEventListener("notificationclick",e=>{
e.notification.close();
e.waitUntil(clients.openWindow(e.notification.data));
});
