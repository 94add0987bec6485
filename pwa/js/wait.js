// Forms that may wait: kept on the phone first, then sent. Where the phone has no room they are sent at once.
waits=async(f,b,e)=>{
const off=navigator.onLine===false;
Object.assign(e,{kind:f.dataset.offline,name:[b!==f&&b.textContent,$("h1").firstChild.data,($("input[type=text]",f)||0).value].filter(Boolean).join(" · "),form:path(f.action),only:"only" in b.dataset,page:path(location),at:Date.now(),state:"waiting"});
if(f.dataset.seq)e.seq=+f.dataset.seq;
try{e.seq=await put(e)}catch(_){return off&&{is:"full"}}
await known;
return!off&&await drain(user,e.seq)||{};
};
