// Turns notifications on for this device.
on("click","[data-push]",async(e,b)=>{
e.preventDefault();
try{
if(await Notification.requestPermission()!=="granted")throw 0;
const reg=await navigator.serviceWorker.ready,sub=await reg.pushManager.subscribe({userVisibleOnly:true,applicationServerKey:b.dataset.push});
const r=await fetch("/me/push",{method:"POST",headers:{"content-type":"application/json","x-requested-with":"push"},body:JSON.stringify(sub)});
if(!r.ok)throw 0;
toast(T.pushed);
}catch(_){toast(T.unpushed)}
});
