// What the server tells an open page: counts, incoming calls, changes.
const told={
badges:counts=>{
for(const href in counts)$$(`[data-badge="${href}"]`).forEach(b=>{
const n=counts[href];
if(b.className=="badge"){b.hidden=n<1;b.textContent=n>99?"99+":n}
else if(+b.textContent>=0)b.textContent=n;
});
},
popup:call=>need("told",()=>popup(call)),
reload:at=>(location.pathname+"/").startsWith(at.path+"/")&&!dirty&&!$("dialog")&&location.reload(),
sms:m=>need("told",()=>message(m)),
};
// Asked for behind the page itself: on a thin line the next press goes before it.
if(document.body.hasAttribute("data-live")&&!stored){
let source,wait=1e3;
const open=()=>{
source?.close();
source=new EventSource("/live");
source.onopen=()=>wait=1e3;
source.onerror=()=>{
if(source.readyState<2)return;
setTimeout(open,wait*(1+Math.random()));
wait=Math.min(wait*2,6e4);
};
for(const name in told)source.addEventListener(name,e=>told[name](JSON.parse(e.data)));
};
setTimeout(open,400);
// Where too many pages are open, the oldest stops listening. It listens again when it is looked at.
onpagehide=told.replaced=()=>source?.close();
onpageshow=onfocus=()=>source?.readyState>1&&open();
}
