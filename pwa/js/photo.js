// photo
