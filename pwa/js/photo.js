// Shrinks camera photos on the phone: 1600 px, JPEG 0.7. What cannot be shrunk goes up as it is.
const jobs=new WeakMap();
const shrink=async file=>{
if(file.size<25e4)return file;
try{
const b=await createImageBitmap(file,{imageOrientation:"from-image"}),k=Math.min(1,1600/Math.max(b.width,b.height)),c=make("canvas",{width:b.width*k,height:b.height*k});
c.getContext("2d").drawImage(b,0,0,c.width,c.height);
const out=await new Promise(ok=>c.toBlob(ok,"image/jpeg",.7));
return out.size<file.size?new File([out],"photo.jpg",{type:out.type}):file;
}catch(_){return file}
};
show=input=>$(".shots",input.closest(".field")).replaceChildren(...[...input.files].map(f=>make("img",{src:URL.createObjectURL(f),alt:f.name})));
on("change","[data-photo]",(e,input)=>jobs.set(input,(async()=>{
const bag=new DataTransfer();
for(const f of input.files)bag.items.add(await shrink(f));
input.files=bag.files;
show(input);
})().catch(()=>{})));
before.push(f=>Promise.all($$("[data-photo]",f).map(i=>jobs.get(i))));
