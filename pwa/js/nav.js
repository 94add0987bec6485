// Forms are sent once, after what they wait for; typed work is not left by accident.
const before=[];
let dirty;
document.addEventListener("input",e=>{dirty=dirty||e.target.form?.method==="post"});
addEventListener("beforeunload",e=>{if(dirty){e.preventDefault();e.returnValue=1}});
const free=f=>delete f.dataset.busy;
addEventListener("pageshow",()=>$$("[data-busy]").forEach(free));
// The browser's own way, with the button that was pressed.
const plain=(f,button)=>{
dirty=0;
if(button&&button.name)f.append(make("input",{type:"hidden",name:button.name,value:button.value}));
HTMLFormElement.prototype.submit.call(f);
};
document.addEventListener("submit",async e=>{
const f=e.target,button=e.submitter;
if(f.method!=="post")return;
if(f.dataset.busy)return e.preventDefault();
const queue=user&&f.dataset.offline,waits=before.map(b=>b(f)).filter(Boolean);
if(!queue&&navigator.onLine===false){e.preventDefault();return toast(T.offline)}
f.dataset.busy=1;
if(!queue&&!waits.length)return dirty=0;
e.preventDefault();
if((await Promise.all(waits)).includes(false))return free(f);
queue?send(f,button):plain(f,button);
});
$(".errors")?.focus();
