// Sends what waits, one entry at a time and in order. The server answers a repeated op_id with its first
// answer, so sending twice is harmless; not sending is not.
const due=e=>e.state!=="refused";
// Posts an entry: done, waiting, signin or refused, with the response and its text where there is one.
const post=async(e,redirect)=>{
const body=e.multi?new FormData():new URLSearchParams(),stop=new AbortController();
let size=0;
for(const [name,value] of e.fields){size+=value.size||0;body.append(name,value)}
const late=setTimeout(()=>stop.abort(),12e3+size/3);
try{
const r=await fetch(e.action,{method:"POST",body,redirect,signal:stop.signal,headers:{"x-requested-with":"outbox","x-user":e.user}}),page=r.clone(),html=await r.text();
return{is:r.type==="opaqueredirect"||r.ok&&!html.includes('role="alert"')?"done":r.status===401?"signin":r.status>=500||r.status===429?"waiting":"refused",page,html};
}catch(_){
return{is:"waiting"};
}finally{clearTimeout(late)}
};
// Sends while there is something and this person is the one signed in. The entry `mine` is one that a page
// waits for: it gets the answer itself.
const run=async(user,mine)=>{
let e,a,answer;
while(user&&await who()===user&&(e=(await entries(user)).find(due))){
await put({...e,state:"sending"});
dispatchEvent(new Event("outbox"));
a=await post(e,e.seq===mine?"follow":"manual");
if(e.seq===mine)answer=a;
// What was given up while it was on its way stays given up.
if(a.is==="done")await drop(e.seq);
else if(await entry(e.seq))await put({...e,state:a.is,html:a.is==="refused"&&a.html});
if(a.is==="waiting"||a.is==="signin")break;
}
dispatchEvent(new Event("outbox"));
return answer;
};
let turn=Promise.resolve();
const drain=(user,mine)=>turn=turn.catch(()=>{}).then(()=>navigator.locks?navigator.locks.request("outbox",()=>run(user,mine)):run(user,mine));
